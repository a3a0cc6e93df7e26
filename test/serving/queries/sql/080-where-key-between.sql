-- where key between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE trip BETWEEN 10 AND 20

-- rows of all
-- [20,297]
-- rows of newest
-- [11,165]
