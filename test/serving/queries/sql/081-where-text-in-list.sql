-- where text in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city IN ('Oslo', 'Lima', 'Paris')

-- rows of all
-- [289,80079]
-- rows of newest
-- [179,51072]
