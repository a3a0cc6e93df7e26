-- where or
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Berlin' OR riders > 4

-- rows of all
-- [231,63051]
-- rows of newest
-- [138,38697]
