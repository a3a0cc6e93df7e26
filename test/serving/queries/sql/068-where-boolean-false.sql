-- where boolean false
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE paid = false

-- rows of all
-- [349,98288]
-- rows of newest
-- [215,62834]
