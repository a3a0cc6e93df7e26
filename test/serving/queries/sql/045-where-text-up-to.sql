-- where text up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city <= 'Lima'

-- rows of all
-- [376,101193]
-- rows of newest
-- [221,61855]
