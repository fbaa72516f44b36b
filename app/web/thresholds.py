"""From where on the site holds back; "Under attack" in docs/operating.md explains it to operators."""

THRESHOLDS = {
    # Forms without a proof to one petition in an hour, from which on a proof is asked for. It is half of the slow lane,
    # so that who makes one never meets the lane, and goes off by itself once most forms bring one.
    "PROOF_FROM": 30,
    # By chance up to so many more, another number each hour, so that a single form hardly shows in it.
    "PROOF_SPREAD": 10,
    # A browser needs about a second for it, at the most two; an old phone some more.
    "PROOF_MAX_NUMBER": 50_000,
    # Letters to forms without a proof that go out for one petition in an hour.
    "SLOW_LANE_MOST": 60,
}
