"""Whether the site is well: for load balancers, for whoever watches it, and for nobody else in detail."""
