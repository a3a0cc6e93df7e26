-- where double up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance <= 2.5

-- rows of all
-- [627,170910]
-- rows of newest
-- [365,101544]
