-- sum of mixed product
-- engine: direct

SELECT sum(distance * riders) FROM trips

-- rows of all
-- [12728.041699999998]
-- rows of newest
-- [8101.743800000003]
