-- where text up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city <= 'Lima'

-- rows of all
-- [386,105019]
-- rows of newest
-- [233,62999]
