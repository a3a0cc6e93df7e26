-- where text not in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city NOT IN ('Oslo', 'Lima')

-- rows of all
-- [662,187910]
-- rows of newest
-- [389,112926]
