-- where boolean not equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE paid <> true

-- rows of all
-- [349,98288]
-- rows of newest
-- [215,62834]
