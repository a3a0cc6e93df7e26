-- where is not null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city IS NOT NULL

-- rows of all
-- [850,238355]
-- rows of newest
-- [504,144859]
