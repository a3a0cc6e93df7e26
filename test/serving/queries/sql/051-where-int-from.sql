-- where int from
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders >= 3

-- rows of all
-- [539,153661]
-- rows of newest
-- [320,94001]
