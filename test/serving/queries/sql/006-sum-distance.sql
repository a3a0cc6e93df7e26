-- sum distance
-- engine: direct

SELECT sum(distance) FROM trips

-- rows of all
-- [4171.798300000002]
-- rows of newest
-- [2613.054599999999]
