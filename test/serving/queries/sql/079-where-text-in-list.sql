-- where text in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city IN ('Oslo', 'Lima', 'Paris')

-- rows of all
-- [287,81963]
-- rows of newest
-- [190,53737]
