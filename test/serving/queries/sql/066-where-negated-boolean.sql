-- where negated boolean
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT paid

-- rows of all
-- [349,98288]
-- rows of newest
-- [215,62834]
