-- where int not between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders NOT BETWEEN 2 AND 3

-- rows of all
-- [529,149081]
-- rows of newest
-- [320,92928]
