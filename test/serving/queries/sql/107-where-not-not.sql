-- where not not
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT NOT (riders = 2)

-- rows of all
-- [201,51188]
-- rows of newest
-- [119,30444]
