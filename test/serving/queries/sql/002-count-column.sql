-- count column
-- engine: direct

SELECT count(city), count(distance), count(note) FROM trips

-- rows of all
-- [850,833,639]
-- rows of newest
-- [504,499,375]
