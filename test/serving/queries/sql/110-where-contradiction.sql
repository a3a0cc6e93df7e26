-- where contradiction
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Oslo' AND city = 'Lima'

-- rows of all
-- [0,null]
-- rows of newest
-- [0,null]
