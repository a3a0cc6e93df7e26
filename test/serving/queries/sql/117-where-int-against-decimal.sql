-- where int against decimal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders = 2.0

-- rows of all
-- [201,51188]
-- rows of newest
-- [119,30444]
