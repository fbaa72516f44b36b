-- The site's own user, who owns its database and nothing else. Run once, when compose.yaml makes the database.
\getenv password DATABASE_PASSWORD
CREATE ROLE countersign LOGIN PASSWORD :'password';
CREATE DATABASE countersign OWNER countersign;
-- The superuser comes in from inside the container alone: docker compose exec database psql -U postgres
ALTER ROLE CURRENT_USER PASSWORD NULL;
