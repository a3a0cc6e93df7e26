-- where int not in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders NOT IN (1, 2)

-- rows of all
-- [537,152035]
-- rows of newest
-- [334,98912]
