-- where two nulls
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE note IS NULL AND distance IS NULL

-- rows of all
-- [17,5123]
-- rows of newest
-- [9,3021]
