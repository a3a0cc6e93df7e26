-- where and
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Berlin' AND riders > 2

-- rows of all
-- [55,15769]
-- rows of newest
-- [33,9862]
