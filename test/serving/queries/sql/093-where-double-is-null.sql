-- where double is null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance IS NULL

-- rows of all
-- [67,18637]
-- rows of newest
-- [34,9864]
