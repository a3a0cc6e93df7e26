-- sum of product
-- engine: direct

SELECT sum(riders * driver) FROM trips

-- rows of all
-- [68790]
-- rows of newest
-- [41731]
