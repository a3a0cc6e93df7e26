-- where decimal equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare = 12.5

-- rows of all
-- [110,32266]
-- rows of newest
-- [69,19691]
