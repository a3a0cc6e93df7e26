-- where decimal in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare IN (5, 12.5)

-- rows of all
-- [219,62877]
-- rows of newest
-- [128,35583]
