-- where text between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city BETWEEN 'Lima' AND 'Oslo'

-- rows of all
-- [188,50445]
-- rows of newest
-- [115,31933]
