-- where all but null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Oslo' OR city <> 'Oslo'

-- rows of all
-- [850,238355]
-- rows of newest
-- [504,144859]
