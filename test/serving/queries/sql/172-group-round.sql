-- group round
-- engine: direct
-- ordered

SELECT city, round(avg(distance), 3) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",6.276]
-- ["Berlin",3.782]
-- ["Kyiv",5.977]
-- ["Lima",4.871]
-- ["Oslo",5.379]
-- ["Paris",4.652]
-- ["Quito",3.604]
-- ["São Paulo",5.389]
-- ["Zürich",5.905]
-- [null,3.589]
-- rows of newest
-- ["Accra",7.14]
-- ["Berlin",3.959]
-- ["Kyiv",4.999]
-- ["Lima",5.312]
-- ["Oslo",5.413]
-- ["Paris",5.156]
-- ["Quito",3.913]
-- ["São Paulo",5.496]
-- ["Zürich",5.826]
-- [null,3.333]
