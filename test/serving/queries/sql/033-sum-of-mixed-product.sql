-- sum of mixed product
-- engine: direct

SELECT sum(distance * riders) FROM trips

-- rows of all
-- [12467.946999999993]
-- rows of newest
-- [7830.196099999998]
