-- where two nulls
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE note IS NULL AND distance IS NULL

-- rows of all
-- [21,6960]
-- rows of newest
-- [13,3976]
