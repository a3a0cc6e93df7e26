-- where negated is null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT (city IS NULL)

-- rows of all
-- [850,238355]
-- rows of newest
-- [504,144859]
