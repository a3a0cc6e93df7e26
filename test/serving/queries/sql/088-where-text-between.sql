-- where text between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city BETWEEN 'Lima' AND 'Oslo'

-- rows of all
-- [184,52458]
-- rows of newest
-- [119,34061]
