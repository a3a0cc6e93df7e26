-- where int above fraction
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders > 2.5

-- rows of all
-- [539,153661]
-- rows of newest
-- [320,94001]
