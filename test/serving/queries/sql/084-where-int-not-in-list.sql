-- where int not in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders NOT IN (1, 2)

-- rows of all
-- [539,153661]
-- rows of newest
-- [320,94001]
