-- where or
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Berlin' OR riders > 4

-- rows of all
-- [243,66931]
-- rows of newest
-- [143,41107]
