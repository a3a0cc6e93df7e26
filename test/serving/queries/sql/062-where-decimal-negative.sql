-- where decimal negative
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare < 0

-- rows of all
-- [17,5048]
-- rows of newest
-- [7,2497]
