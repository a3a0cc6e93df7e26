-- sum of product
-- engine: duckdb

SELECT sum(riders * driver) FROM trips

-- rows of all
-- [369295169444446600]
-- rows of newest
-- [180143985094861100]
