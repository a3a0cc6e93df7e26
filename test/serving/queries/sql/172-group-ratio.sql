-- group ratio
-- engine: direct
-- ordered

SELECT city, sum(riders) / count(*) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",2.8380952380952382]
-- ["Berlin",3.188888888888889]
-- ["Kyiv",3.0505050505050506]
-- ["Lima",2.902173913043478]
-- ["Oslo",3.1041666666666665]
-- ["Paris",2.98019801980198]
-- ["Quito",2.9903846153846154]
-- ["São Paulo",3.097826086956522]
-- ["Zürich",3.028169014084507]
-- [null,3.14]
-- rows of newest
-- ["Accra",2.8260869565217392]
-- ["Berlin",3.2653061224489797]
-- ["Kyiv",3.259259259259259]
-- ["Lima",2.901639344262295]
-- ["Oslo",3.2222222222222223]
-- ["Paris",2.859375]
-- ["Quito",2.9672131147540983]
-- ["São Paulo",3.1875]
-- ["Zürich",3.0454545454545454]
-- [null,3.1379310344827585]
