-- where text above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city > 'Lima'

-- rows of all
-- [464,133336]
-- rows of newest
-- [271,81860]
