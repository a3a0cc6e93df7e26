-- where int equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders = 3

-- rows of all
-- [170,49404]
-- rows of newest
-- [94,27533]
