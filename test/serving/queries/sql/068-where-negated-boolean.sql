-- where negated boolean
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT paid

-- rows of all
-- [341,98534]
-- rows of newest
-- [209,61035]
