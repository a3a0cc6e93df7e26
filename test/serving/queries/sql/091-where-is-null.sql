-- where is null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city IS NULL

-- rows of all
-- [50,11318]
-- rows of newest
-- [29,6046]
