-- where int equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders = 3

-- rows of all
-- [191,54806]
-- rows of newest
-- [121,36153]
