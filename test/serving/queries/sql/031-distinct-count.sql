-- distinct count
-- engine: direct

SELECT count(DISTINCT city), count(DISTINCT driver), count(DISTINCT status) FROM trips

-- rows of all
-- [9,50,4]
-- rows of newest
-- [9,50,4]
