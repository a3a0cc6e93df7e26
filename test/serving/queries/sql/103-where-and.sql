-- where and
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Berlin' AND riders > 2

-- rows of all
-- [57,17046]
-- rows of newest
-- [32,9821]
