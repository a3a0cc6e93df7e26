-- where key in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE trip IN (5, 77, 300, 100000)

-- rows of all
-- [7,769]
-- rows of newest
-- [3,382]
