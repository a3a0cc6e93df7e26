-- where double up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance <= 2.5

-- rows of all
-- [630,172338]
-- rows of newest
-- [380,107915]
