-- where decimal negative
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare < 0

-- rows of all
-- [21,4684]
-- rows of newest
-- [13,2435]
