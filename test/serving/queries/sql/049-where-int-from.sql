-- where int from
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders >= 3

-- rows of all
-- [537,152035]
-- rows of newest
-- [334,98912]
