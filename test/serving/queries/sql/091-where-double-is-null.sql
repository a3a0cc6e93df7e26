-- where double is null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance IS NULL

-- rows of all
-- [66,19950]
-- rows of newest
-- [36,10767]
