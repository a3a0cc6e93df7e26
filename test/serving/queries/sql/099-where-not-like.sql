-- where not like
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city NOT LIKE '%a%'

-- rows of all
-- [460,128255]
-- rows of newest
-- [262,74456]
